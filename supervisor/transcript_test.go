package supervisor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestTranscripts runs every testdata/*.txt: "program" or "group" begins anew with these options, lines that begin with
// ">" are events, the lines below an event are what the machine answers. Run with -update to rewrite them, and review the
// diff.
func TestTranscripts(t *testing.T) {
	golden.Transcripts(t, transcript)
}

func transcript(t *testing.T, in string) string {
	var out strings.Builder
	var policy Policy
	var p Program
	var was string // what readyWords said last
	var group *groupScript
	for _, line := range strings.Split(strings.TrimRight(in, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // an answer, to be given anew
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "#", "":
			out.WriteString(line + "\n")
		case "program":
			policy, p, group = parsePolicy(t, rest), Program{}, nil
			was = readyWords(&policy, &p)
			out.WriteString(line + "\n")
		case "group":
			group = parseGroup(t, rest)
			out.WriteString(line + "\n")
		case ">":
			out.WriteString(line + "\n")
			if group != nil {
				out.WriteString(group.tell(t, rest))
				continue
			}
			var effects []Effect
			p, effects = Step(&policy, p, parseEvent(t, rest))
			for _, e := range effects {
				out.WriteString("  " + render(e) + "\n")
			}
			now := readyWords(&policy, &p)
			if now != was {
				out.WriteString("  " + now + "\n")
			}
			if len(effects) == 0 && now == was {
				out.WriteString("  nothing\n")
			}
			was = now
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	return out.String()
}

// readyWords says how a program stands with those that depend on it, where that is more than its state.
func readyWords(policy *Policy, p *Program) string {
	if !policy.Ready.Check && !policy.Health.Check {
		return ""
	}
	words := "not ready"
	if p.IsReady(policy) {
		words = "ready"
	}
	if p.Overdue {
		words += ", overdue"
	}
	if policy.Health.Check {
		words += ", " + p.Health.Status.String()
	}
	if p.Status != "" {
		words += ", says " + p.Status
	}
	return "= " + words
}

func parsePolicy(t *testing.T, s string) Policy {
	p := Policy{Name: "web", StartSecs: 1, StartRetries: 3, ExitCodes: []int{0}, StopWaitSecs: 10, StopSignals: []string{"SIGTERM"}}
	for _, kv := range strings.Fields(s) {
		k, v, _ := strings.Cut(kv, "=")
		n, _ := strconv.Atoi(v)
		switch k {
		case "startsecs":
			p.StartSecs = n
		case "startretries":
			p.StartRetries = n
		case "stopwaitsecs":
			p.StopWaitSecs = n
		case "autorestart":
			p.Autorestart = map[string]Autorestart{"true": RestartAlways, "false": RestartNever, "unexpected": RestartUnexpected}[v]
		case "escalate":
			p.Escalate = v == "true"
		case "onloss":
			p.OnLoss = map[string]OnLoss{"keep": KeepOnLoss, "stop": StopOnLoss, "restart": RestartOnLoss}[v]
		case "stopsignals":
			p.StopSignals = strings.Split(v, ",")
		case "killwaitsecs":
			p.KillWaitSecs = n
		case "backoff":
			p.Backoff.Kind = map[string]BackoffKind{"linear": BackoffLinear, "constant": BackoffConstant, "exponential": BackoffExponential}[v]
		case "base":
			p.Backoff.Base = duration(t, v)
		case "cap":
			p.Backoff.Cap = duration(t, v)
		case "jitter":
			p.Backoff.Jitter, p.Backoff.Seed = 0.5, uint64(n)
		case "reset":
			p.Backoff.Reset = duration(t, v)
		case "pause":
			p.RestartPause = duration(t, v)
		case "ready":
			p.Ready.Check, p.Ready.Timeout = true, duration(t, v)
		case "ontimeout":
			p.Ready.OnTimeout = map[string]OnTimeout{"report": ReportOnTimeout, "restart": RestartOnTimeout}[v]
		case "watchdog":
			p.Watchdog = duration(t, v)
		case "health": // SUCCESSES/FAILURES
			p.Health.Check = true
			if _, err := fmt.Sscanf(v, "%d/%d", &p.Health.SuccessThreshold, &p.Health.FailureThreshold); err != nil {
				t.Fatal(err)
			}
		case "onfailure":
			p.Health.OnFailure = actionNames[v]
		case "onsuccess":
			p.Health.OnSuccess = actionNames[v]
		case "binary", "files":
			trigger := map[string]Trigger{"binary": BinaryTrigger, "files": FilesTrigger}[k]
			p.OnTrigger[trigger] = actionNames[v]
		case "cron":
			p.Cron, p.CronQueue = true, v == "queue"
		case "hooks": // "pre_start,post_stop"
			for _, h := range Hooks {
				p.Hooks.Has[h] = slices.Contains(strings.Split(v, ","), strings.TrimSuffix(h.String(), "_hook"))
			}
		case "ignore":
			p.Hooks.Ignore = v == "true"
		case "memory":
			p.MemoryLimit = int64(n) << 20
		case "stopasgroup":
			p.StopAsGroup, p.KillAsGroup = true, true
		case "exitcodes":
			p.ExitCodes = nil
			for _, c := range strings.Split(v, ",") {
				n, err := strconv.Atoi(c)
				if err == nil {
					p.ExitCodes = append(p.ExitCodes, n)
				}
			}
		default:
			t.Fatalf("unknown option %q", k)
		}
	}
	return p
}

var actionNames = map[string]Action{"restart": RestartAction, "stop": StopAction, "command": CommandAction, "signal": SignalAction}

func duration(t *testing.T, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// parseEvent reads "exited LIFE CODE RAN", "spawned LIFE PID", "timer LIFE NAME", "start", "stop shutdown" and the like.
func parseEvent(t *testing.T, s string) Event {
	f := append(strings.Fields(s), "", "", "")
	life, _ := strconv.ParseUint(f[1], 10, 64)
	origins := map[string]Origin{"": ByAdministrator, "autostart": ByAutostart, "shutdown": ByShutdown, "group": ByGroup}
	switch f[0] {
	case "start":
		return StartRequested{By: origins[f[1]]}
	case "stop":
		return StopRequested{By: origins[f[1]], Owed: f[1] == "owed"}
	case "lacks":
		lacks := strings.Join(strings.Fields(s)[1:], " ")
		return NeedsChanged{Lacks: lacks, Lost: lacks}
	case "needs": // what it has not had before
		return NeedsChanged{Lacks: strings.Join(strings.Fields(s)[1:], " ")}
	case "hold":
		return HoldRequested{}
	case "spawned":
		pid, _ := strconv.Atoi(f[2])
		return Spawned{life, pid}
	case "spawnfailed":
		return SpawnFailed{life, strings.Join(strings.Fields(s)[2:], " ")}
	case "exited":
		ran, err := time.ParseDuration(f[3])
		if err != nil {
			t.Fatal(err)
		}
		why := strings.TrimSpace(strings.Join(f[4:], " "))
		if code, err := strconv.Atoi(f[2]); err == nil {
			return ProcessExited{Life: life, Exit: Exit{code, "exit status " + f[2], ran, why}}
		}
		return ProcessExited{Life: life, Exit: Exit{-1, "terminated by " + f[2], ran, why}}
	case "timer":
		for i, n := range timerNames {
			if n == f[2] {
				return TimerFired{life, Timer(i)}
			}
		}
	case "ready", "unready":
		return ReadinessChanged{life, f[0] == "ready", strings.Join(strings.Fields(s)[2:], " ")}
	case "says":
		return StatusTold{life, strings.Join(strings.Fields(s)[2:], " ")}
	case "fed":
		return WatchdogFed{life}
	case "healthy":
		return Checked{life, ""}
	case "unhealthy":
		return Checked{life, strings.Join(strings.Fields(s)[2:], " ")}
	case "changed", "known":
		trigger := map[string]Trigger{"binary": BinaryTrigger, "files": FilesTrigger}[f[1]]
		return Triggered{trigger, strings.Join(strings.Fields(s)[2:], " "), f[0] == "known"}
	case "due":
		return Due{strings.Join(strings.Fields(s)[1:], " ")}
	case "hook": // LIFE NAME WRONG
		for _, h := range Hooks {
			if strings.TrimSuffix(h.String(), "_hook") == f[2] {
				return HookEnded{life, h, strings.Join(strings.Fields(s)[3:], " ")}
			}
		}
	case "uses": // LIFE KILOBYTES
		n, _ := strconv.ParseInt(f[2], 10, 64)
		return MemoryUsed{life, n << 10}
	case "killfailed":
		return KillFailed{life, "EPERM"}
	}
	t.Fatalf("unknown event %q", s)
	return nil
}

func render(e Effect) string {
	switch e := e.(type) {
	case Spawn:
		return fmt.Sprintf("spawn life %d", e.Life)
	case Signal:
		s := "send the stop signal"
		if e.Nth > 0 {
			s += fmt.Sprintf(" number %d", e.Nth+1)
		}
		if e.Kill {
			s = "send SIGKILL"
		}
		if e.Group {
			s += " to the group"
		}
		return s
	case Arm:
		return fmt.Sprintf("arm %s timer of life %d for %s", e.Timer, e.Life, e.After)
	case Disarm:
		return "disarm"
	case RunAction:
		which := "success"
		if e.Failed {
			which = "failure"
		}
		return fmt.Sprintf("run the action for %s, count %d (%s: %s)", which, e.Count, e.Reason.Code, e.Reason.Text)
	case RunCommand:
		return fmt.Sprintf("run the command of %s (%s: %s)", e.Trigger, e.Reason.Code, e.Reason.Text)
	case SendSignal:
		return fmt.Sprintf("send the signal of %s (%s: %s)", e.Trigger, e.Reason.Code, e.Reason.Text)
	case RunHook:
		s := fmt.Sprintf("run %s of life %d, pid %d", e.Hook, e.Life, e.Pid)
		if e.Ended != (Ended{}) {
			s += fmt.Sprintf(", ended is %d with %d", e.Ended.Pid, e.Ended.Exit.Code)
		}
		return s + " (" + e.Reason.Code + ")"
	case EndHook:
		return "end " + e.Hook.String()
	case Escalate:
		return "escalate (" + e.Reason.Code + ": " + e.Reason.Text + ")"
	case Transition:
		s := fmt.Sprintf("%s -> %s", e.From, e.To)
		switch e.To {
		case Starting, Backoff:
			s += fmt.Sprintf(" tries %d", e.Tries)
		case Exited:
			s += fmt.Sprintf(" expected %t pid %d", e.Expected, e.Pid)
		case Running, Stopping, Stopped:
			s += fmt.Sprintf(" pid %d", e.Pid)
		}
		return s + " (" + e.Reason.Code + ": " + e.Reason.Text + ")"
	case Note:
		decides := ""
		if e.Decides {
			decides = ", decides"
		}
		return "note (" + e.Reason.Code + ": " + e.Reason.Text + ")" + decides
	case Log:
		return e.Level.String() + " " + e.Text
	}
	return fmt.Sprintf("%#v", e)
}
