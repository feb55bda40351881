package top

import (
	"context"
	"strings"
	"time"
)

// A Row is a program at one moment, for a machine.
type Row struct {
	Node      string  `json:"node" help:"the supd that it belongs to"`
	Namespec  string  `json:"namespec" help:"the program"`
	Group     string  `json:"group" help:"its group"`
	State     string  `json:"state" help:"its state"`
	PID       int     `json:"pid" help:"its process id, 0 when it does not run"`
	Uptime    float64 `json:"uptime" help:"seconds since its process was started, 0 when it does not run"`
	CPU       float64 `json:"cpu" help:"percent of one processor in the last seconds"`
	Memory    int64   `json:"memory" help:"resident bytes of its process group and their descendants, or of its control group"`
	Files     int     `json:"files" help:"open descriptors, -1 when they cannot be counted"`
	Threads   int     `json:"threads" help:"threads"`
	Processes int     `json:"processes" help:"processes"`
	Restarts  int     `json:"restarts" help:"starts after the first"`
	Ready     bool    `json:"ready" help:"whether it is RUNNING, ready and has been healthy"`
	Reason    string  `json:"reason" help:"why it is in its state"`
}

// A Picture is what the view shows at one moment.
type Picture struct {
	world *world
	now   time.Time
}

// Take reads what there is to show. It takes as long as two samples of what programs use are apart, about five seconds.
func Take(ctx context.Context, s Server) (*Picture, error) {
	w, err := snapshot(ctx, s)
	if err != nil {
		return nil, err
	}
	return &Picture{w, time.Now()}, nil
}

// Rows are the programs of all nodes in start order.
func (p *Picture) Rows() []Row {
	out := []Row{}
	for _, r := range p.world.rows(&choice{}) {
		if r.program == nil {
			continue
		}
		o := Row{Node: r.node.title(), Namespec: r.program.Namespec, Group: r.program.Group, State: r.program.State, PID: r.program.Pid,
			Restarts: int(r.program.Restarts), Ready: r.program.Ready, Reason: r.program.Reason.Text}
		if o.PID != 0 && !r.program.Start.IsZero() {
			o.Uptime = max(0, p.now.Sub(r.program.Start).Seconds())
		}
		if u, known := r.node.sample(r.program); known {
			o.CPU, o.Memory, o.Files, o.Threads, o.Processes = u.CPU, u.Memory, u.Files, u.Threads, u.Processes
		}
		out = append(out, o)
	}
	return out
}

// Text is the picture as lines. With a width of 0 nothing is cut off and there are no colours.
func (p *Picture) Text(width int) string {
	m := newModel(context.Background(), nil, func() time.Time { return p.now }, nil)
	m.world, m.connected, m.cursor, m.width = p.world, true, -1, width
	if width == 0 {
		m.width = 500
	}
	m.rows = m.world.rows(&m.choice)
	for _, r := range m.rows {
		if r.program != nil {
			m.nameWidth = max(m.nameWidth, 2*r.depth+len(r.program.Namespec))
		}
	}
	total, byState := m.world.counts()
	lines := []string{counted(total, byState), m.totals(), "", m.columns().heads(m)}
	for i := range max(1, len(m.rows)) {
		lines = append(lines, m.row(i))
	}
	var b strings.Builder
	for _, l := range lines {
		if width == 0 {
			l = stripped(l)
		}
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	return b.String()
}
