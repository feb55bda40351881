package server

import "testing"

func TestUpdateTellsWhatWasDoneToEach(t *testing.T) {
	r := newRig(t)
	want := "group team name a action restarted options command user status 80 description OK"
	for _, args := range [][]any{nil, {texts()}, {texts("team", "web")}} {
		if got := textOf(r.rpcCall(t, "supd.update", args...)); got != want {
			t.Errorf("%v: %s", args, got)
		}
	}
	if got := textOf(r.rpcCall(t, "supd.update", "team")); got != "faultCode 2 faultString INCORRECT_PARAMETERS" {
		t.Errorf("a text in the place of an array: %s", got)
	}
}
