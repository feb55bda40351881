package events

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/confload"
)

func TestTheTableIsInTheOrderOfTheTypes(t *testing.T) {
	for i, row := range Table {
		if int(row.Type) != i {
			t.Errorf("row %d is %s, type %d", i, row.Name, row.Type)
		}
		if row.Name != "EVENT" && !row.Type.Is(Any) {
			t.Errorf("%s is not below EVENT", row.Name)
		}
		if row.Type != Any && row.Parent != Any && !strings.HasPrefix(row.Name, row.Parent.String()+"_") {
			t.Errorf("%s is below %s", row.Name, row.Parent)
		}
		abstract := slices.ContainsFunc(Table, func(r Row) bool { return r.Parent == row.Type && r.Type != Any })
		if abstract != row.Abstract {
			t.Errorf("%s: abstract %t, but types below it: %t", row.Name, row.Abstract, abstract)
		}
	}
}

// The names that events= accepts and the types that exist are two lists, because a configuration is read without the
// supervisor. They are the same.
func TestTheConfigurationKnowsTheSameTypes(t *testing.T) {
	var names []string
	for _, row := range Table {
		names = append(names, row.Name)
	}
	ours, theirs := slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(confload.EventTypes()))
	if !slices.Equal(ours, theirs) {
		t.Errorf("events: %v\nconfload: %v", ours, theirs)
	}
}

func TestSubscribingToAParentMeansItsChildren(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"TICK_5", "TICK_5"},
		{"tick", "TICK_5 TICK_60 TICK_3600"},
		{"PROCESS_GROUP,TICK_60", "TICK_60 PROCESS_GROUP_ADDED PROCESS_GROUP_REMOVED"},
		{"PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDOUT PROCESS_COMMUNICATION_STDERR"},
		{"PROCESS_LOG_STDERR,PROCESS_LOG", "PROCESS_LOG_STDOUT PROCESS_LOG_STDERR"},
		{"REMOTE_COMMUNICATION", "REMOTE_COMMUNICATION"},
		{"SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_RUNNING SUPERVISOR_STATE_CHANGE_STOPPING"},
		{"PROCESS_STATE", "PROCESS_STATE_STARTING PROCESS_STATE_RUNNING PROCESS_STATE_BACKOFF PROCESS_STATE_STOPPING " +
			"PROCESS_STATE_EXITED PROCESS_STATE_STOPPED PROCESS_STATE_FATAL PROCESS_STATE_UNKNOWN"},
	} {
		set, err := SubscribeNames(strings.Split(c.names, ","))
		if err != nil {
			t.Errorf("%s: %v", c.names, err)
		}
		if got := strings.Join(namesOf(set), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.names, got, c.want)
		}
	}
	all, _ := SubscribeNames([]string{"EVENT"})
	for _, row := range Table {
		if all.Has(row.Type) == row.Abstract {
			t.Errorf("EVENT and %s: %t", row.Name, all.Has(row.Type))
		}
	}
	if _, err := SubscribeNames([]string{"TICK", "TOCK"}); err == nil || !strings.Contains(err.Error(), "TOCK") {
		t.Errorf("unknown type: %v", err)
	}
}

func namesOf(s Set) []string {
	var names []string
	for _, row := range Table {
		if s.Has(row.Type) {
			names = append(names, row.Name)
		}
	}
	return names
}

func TestATypeThatIsNoneHasAName(t *testing.T) {
	if got := Type(200).String(); got != "EVENT_TYPE_200" {
		t.Error(got)
	}
}
