package actors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
)

// environment is what the process of p gets (compat.md §6): ours, then its account's, then SUPERVISOR_*, then what is
// configured: files, then environment=. The error is a *process.SpawnError.
func (t *tree) environment(p *confload.Program) ([]string, error) {
	var set []string
	if p.LoginEnv {
		login, err := confload.LoginEnv(p.User)
		if err != nil {
			return nil, noEnvironment(p, err)
		}
		set = login
	}
	set = append(set, "SUPERVISOR_ENABLED=1", "SUPERVISOR_PROCESS_NAME="+p.Name, "SUPERVISOR_GROUP_NAME="+p.Group)
	if url := t.serverURL(p); url != "" {
		set = append(set, "SUPERVISOR_SERVER_URL="+url)
	}
	files, err := confload.ReadEnvFiles(p.EnvFiles)
	if err != nil {
		return nil, noEnvironment(p, err)
	}
	env := slices.Clone(*t.environ.Load())
	at := make(map[string]int, len(env)+len(set)+len(files)+len(p.Environment))
	for i, kv := range env {
		k, _, _ := strings.Cut(kv, "=")
		at[k] = i
	}
	for _, kv := range slices.Concat(set, files, p.Environment) {
		k, _, _ := strings.Cut(kv, "=")
		if i, ok := at[k]; ok {
			env[i] = kv
			continue
		}
		at[k] = len(env)
		env = append(env, kv)
	}
	return env, nil
}

// setEnv sets a variable that processes inherit. Only root calls it.
func (t *tree) setEnv(name, value string) {
	env := slices.DeleteFunc(slices.Clone(*t.environ.Load()), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return k == name
	})
	env = append(env, name+"="+value)
	t.environ.Store(&env)
}

func noEnvironment(p *confload.Program, err error) error {
	return &process.SpawnError{Text: fmt.Sprintf("can't make the environment of '%s': %v", p.Name, err), Err: err}
}

// limitsOf are the limits of a program's process; nil: none. What runs beside it (helperCommand) has those of supd.
func limitsOf(p *confload.Program) *process.Limits {
	l := &process.Limits{Nice: p.Nice, OOMScoreAdj: p.OOMScoreAdj}
	for i, r := range p.Limits {
		if r != nil {
			l.Resources = append(l.Resources, process.ResourceLimit{Resource: confload.Resources[i], Soft: r.Soft, Hard: r.Hard})
		}
	}
	if l.Nice == nil && l.OOMScoreAdj == nil && l.Resources == nil {
		return nil
	}
	return l
}
