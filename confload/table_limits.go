package confload

import "slices"

// limitsTable are the options of a program about its limits, its priority for the kernel and its variables that
// supervisord does not have.
var limitsTable = slices.Concat(tableOf("program",
	bind(Option{Name: "login_env", Default: "false", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord leaves HOME and USER as its own are",
		Help: "Whether HOME, USER, LOGNAME and SHELL are those of the account the program runs as, unless envFiles or environment " +
			"say otherwise."},
		boolType, func(p *Program) *bool { return &p.LoginEnv }),
	bind(Option{Name: "envfiles", Names: namesPerProcess,
		Peer: PeerOnlySupd, PeerNote: "supervisord reads no environment files", Example: "/etc/default/example",
		Help: "Files with lines KEY=VALUE, read at each start of the program; later files win, and environment, that of " +
			"[supervisord] as well, wins over all."},
		filesType, func(p *Program) *[]string { return &p.EnvFiles }),
),
	rlimitTable(),
	tableOf("program",
		bind(Option{Name: "nice", Computed: "that of supd", Names: namesPerSection,
			Peer: PeerOnlySupd, PeerNote: "supervisord sets no priority", Example: "10",
			Help: "The priority of the program for the scheduler, -20 is the highest; one below that of supd needs privileges."},
			optional(intIn(-20, 19)), func(p *Program) **int { return &p.Nice }),
		bind(Option{Name: "oom_score_adj", Computed: "that of supd", Names: namesPerSection,
			Peer: PeerOnlySupd, PeerNote: "supervisord leaves it alone", Example: "500",
			Help: "How much rather than others the program is killed when memory runs out, -1000 is never; less than that of supd " +
				"needs privileges."},
			optional(intIn(-1000, 1000)), func(p *Program) **int { return &p.OOMScoreAdj }),
	),
)

// Resources are what a program can have a limit of, in the order of Program.Limits: what follows RLIMIT_ in setrlimit(2), in
// lower case.
var Resources = [...]string{"nofile", "nproc", "core", "fsize", "as", "data", "stack", "memlock", "cpu"}

// resourceOptions say of each of the Resources what it limits, and its unit.
var resourceOptions = [len(Resources)]struct {
	help, example string
	unit          valueType[int64]
}{
	{"The number of files the program may have open.", "1024:4096", limitCount},
	{"The number of processes and threads the account of the program may have.", "500", limitCount},
	{"The size of core files; 0 for none.", "0", limitSize},
	{"The size of files the program writes.", "1GB", limitSize},
	{"The address space of the program.", "4GB", limitSize},
	{"The data segment of the program.", "1GB", limitSize},
	{"The stack of the program.", "8MB:unlimited", limitSize},
	{"The memory the program may lock.", "64KB", limitSize},
	{"The seconds of processor time the program may use in one life.", "3600", limitCount},
}

func rlimitTable() table[Program] {
	var rows []binding[Program]
	for i, r := range Resources {
		o := &resourceOptions[i]
		rows = append(rows, bind(Option{Name: "rlimit_" + r, Computed: "that of supd", Names: namesPerSection,
			Peer: PeerOnlySupd, PeerNote: "supervisord sets no limits for programs", Example: o.example, Help: o.help},
			optional(limitType(o.unit)), func(p *Program) **ResourceLimit { return &p.Limits[i] }))
	}
	return tableOf("program", rows...)
}
