package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/gwaycc/supd/ctl/api"
)

// signs of the states: never colour alone.
var signs = map[string]string{"RUNNING": "●", "STARTING": "◐", "STOPPING": "◑", "BACKOFF": "↻", "FATAL": "✕", "STOPPED": "■", "EXITED": "○", "UNKNOWN": "?"}

// colours of the states: numbers of SGR.
var colours = map[string]string{"RUNNING": "32", "STARTING": "33", "STOPPING": "33", "BACKOFF": "33", "FATAL": "31", "UNKNOWN": "31", "STOPPED": "2", "EXITED": "2"}

// stateOrder is the order in which states are counted: what is not well comes first.
var stateOrder = []string{"FATAL", "BACKOFF", "UNKNOWN", "STARTING", "STOPPING", "RUNNING", "EXITED", "STOPPED"}

// unwell tells whether somebody should look at a program.
func unwell(p *api.Program) bool {
	switch p.State {
	case "FATAL", "BACKOFF", "UNKNOWN":
		return true
	case "RUNNING":
		return p.Unhealthy || !p.Ready
	case "EXITED":
		return !p.Expected
	}
	return p.Wanted
}

// span is a number of seconds as 3s, 4:05, 1:02:03 or 2d 3:04.
func span(seconds float64) string {
	n := int(max(0, seconds))
	switch h, m, s := n/3600, n/60%60, n%60; {
	case n < 60:
		return fmt.Sprintf("%ds", n)
	case h >= 24:
		return fmt.Sprintf("%dd %d:%02d", h/24, h%24, m)
	case h > 0:
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	default:
		return fmt.Sprintf("%d:%02d", m, s)
	}
}

// size is a number of bytes as 512 B, 1.4 MB.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if f /= 1000; f < 9.95 {
			return fmt.Sprintf("%.1f %s", f, unit)
		} else if f < 999.5 {
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.1f TB", f/1000)
}

// percent is a share of one processor.
func percent(n float64) string {
	if n < 9.95 {
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

// activity is what a program is doing, in a few words.
func activity(p *api.Program, now time.Time) string {
	switch {
	case p.State == "RUNNING" && p.Status == "":
		if !p.Ready {
			return "not ready yet"
		}
		return ""
	case p.WaitsFor != "":
		return "waits for " + p.WaitsFor
	case p.State == "BACKOFF":
		text := either(p.Reason.Text, p.SpawnError)
		if !p.Until.IsZero() {
			text += "; again in " + span(p.Until.Sub(now).Seconds())
		}
		return text
	case p.State == "FATAL":
		return either(p.Reason.Text, p.SpawnError)
	case p.State == "STOPPED" && (!p.NextRun.IsZero() || p.Reason.Text == ""):
		return p.Description
	}
	return either(p.Status, p.Reason.Text)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// standing is how a group stands. Budgets refill by themselves: the time since they were told counts.
func standing(g *api.Group, passed time.Duration) string {
	up := 0
	for i := range g.Programs {
		if g.Programs[i].State == "RUNNING" {
			up++
		}
	}
	words := []string{fmt.Sprintf("%d of %d running", up, len(g.Programs))}
	if g.Listener {
		words = append(words, "event listeners")
	}
	if g.Strategy != "" {
		words = append(words, g.Strategy)
	}
	if b := g.Budget; b != nil && b.Intensity >= 0 {
		used, refill := b.Used, b.Refill-passed.Seconds()
		if b.Refill > 0 && refill <= 0 {
			used = max(0, used-1)
		}
		text := fmt.Sprintf("%d of %d restarts used in %s", used, b.Intensity, span(b.Period))
		if used > 0 && refill > 0 {
			text += ", one more in " + span(refill)
		}
		words = append(words, text)
	}
	if g.Budget != nil && g.Budget.GaveUp {
		words = append(words, "gave up")
	}
	if g.Done {
		words = append(words, "done")
	}
	if g.AutoShutdown != "" && g.AutoShutdown != "never" {
		words = append(words, "ends with "+strings.ReplaceAll(g.AutoShutdown, "_", " "))
	}
	return strings.Join(words, " · ")
}

// happened is what a record says, without when.
func happened(r *api.Record) string {
	switch {
	case r.To != "":
		return fmt.Sprintf("%s %s → %s: %s", r.Program, strings.ToLower(r.From), strings.ToLower(r.To), r.Reason.Text)
	case r.Program == "" || r.Kind == "request" && strings.HasSuffix(r.Program, ":*"):
		return r.Reason.Text
	}
	return r.Program + ": " + r.Reason.Text
}

// bars draws values as a line of bars, the last ones if there are more than fit.
func bars(values []float64, width int, least float64) string {
	const steps = "▁▂▃▄▅▆▇█"
	values = values[max(0, len(values)-width):]
	most := least
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		b.WriteRune([]rune(steps)[min(7, int(8*v/most))])
	}
	return b.String()
}
