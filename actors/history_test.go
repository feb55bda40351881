package actors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

func TestHistoryTellsReadersWhatTheyHaveMissed(t *testing.T) {
	var h history
	if got, missed := h.since(0, 0); got != nil || missed != 0 {
		t.Errorf("got %v, %d", got, missed)
	}
	news := h.after(0)
	for i := range historySize + 10 {
		h.add(Record{Life: uint64(i + 1)})
	}
	<-news
	got, missed := h.since(0, 0)
	if len(got) != historySize || missed != 10 || got[0].Seq != 11 || got[0].Life != 11 || got[historySize-1].Seq != historySize+10 {
		t.Errorf("got %d records from %d, missed %d", len(got), got[0].Seq, missed)
	}
	got, missed = h.since(historySize, 3)
	if len(got) != 3 || missed != 0 || got[0].Seq != historySize+1 {
		t.Errorf("got %v, missed %d", got, missed)
	}
	if got, missed = h.since(historySize+10, 0); got != nil || missed != 0 {
		t.Errorf("got %v, missed %d", got, missed)
	}
	if got, missed = h.since(historySize+100, 0); got != nil || missed != 0 {
		t.Errorf("beyond the end: got %v, missed %d", got, missed)
	}
	<-h.after(historySize)
	select {
	case <-h.after(historySize + 10):
		t.Error("news without a record")
	default:
	}
}

func TestAnAnswerTellsNothingFromNothingThatIsKept(t *testing.T) {
	var h history
	if a := h.answer("web"); a.Chain != nil || !a.Complete {
		t.Errorf("of an empty history: %+v", a)
	}
	h.add(Record{Program: "web", Kind: RecordNote})
	h.add(Record{Program: "web", Kind: RecordTransition, Cause: 1})
	if a := h.answer("web"); len(a.Chain) != 2 || !a.Complete {
		t.Errorf("with all that has happened: %+v", a)
	}
	for range historySize - 1 {
		h.add(Record{Program: "busy", Kind: RecordNote})
	}
	if a := h.answer("web"); len(a.Chain) != 1 || a.Complete {
		t.Errorf("without the first cause: %+v", a)
	}
	h.add(Record{Program: "busy", Kind: RecordNote})
	if a := h.answer("web"); a.Chain != nil || a.Complete {
		t.Errorf("when busy has filled the history: %+v", a)
	}
}

func TestHistoryHasEveryTransitionWithItsReason(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		if life == 1 {
			return script{runs: 5 * time.Second, code: 7}
		}
		return script{}
	})
	inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(5500 * time.Millisecond)
		records, missed := b.History(0, 0)
		var got []string
		for _, r := range records {
			got = append(got, fmt.Sprintf("%d < %d %s %s life %d %s -> %s (%s) pid %d", r.Seq, r.Cause, r.Kind, r.Program, r.Life, r.From, r.To, r.Reason.Code, r.Pid))
		}
		want := []string{"1 < 0 tree  life 0 STOPPED -> STOPPED (began) pid 0",
			"2 < 1 transition web life 1 STOPPED -> STARTING (start-requested) pid 0",
			"3 < 2 transition web life 1 STARTING -> RUNNING (stayed-up) pid 101",
			"4 < 0 transition web life 1 RUNNING -> EXITED (exited) pid 101",
			"5 < 4 transition web life 2 EXITED -> STARTING (autorestart-unexpected) pid 0"}
		if !slices.Equal(got, want) || missed != 0 {
			t.Errorf("got:\n%s", strings.Join(got, "\n"))
		}
	})
}
