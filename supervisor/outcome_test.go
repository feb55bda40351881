package supervisor

import "testing"

func TestStartOutcome(t *testing.T) {
	for _, c := range []struct {
		p    Program
		want Outcome
	}{
		{Program{State: Starting, Spawning: true}, Pending},
		{Program{State: Starting, Pid: 7}, Pending},
		{Program{State: Running, Pid: 7}, Done},
		{Program{State: Backoff, SpawnErr: TooQuick}, SpawnBad},
		{Program{State: Fatal, SpawnErr: "command is empty"}, SpawnBad},
		{Program{State: Exited, SpawnErr: "Bad exit code 1"}, SpawnBad},
		{Program{State: Exited}, Abnormal},
		{Program{State: Stopping, Pid: 7}, Abnormal},
		{Program{State: Stopped}, Abnormal},
		{Program{State: Unknown, Pid: 7}, Abnormal},
	} {
		if got := c.p.StartOutcome(); got != c.want {
			t.Errorf("%s, error %q: got %d, want %d", c.p.State, c.p.SpawnErr, got, c.want)
		}
	}
}
