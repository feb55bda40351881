package actors

import (
	"context"
	"iter"
)

// subscribeBatch is how many records a subscription takes from the history at once.
const subscribeBatch = 64

// Subscribe returns what happens after record number seq, in its order, for a loop:
//
//	for r, missed := range tree.Subscribe(ctx, 0) { … }
//
// 0 begins with the first one, History's last Seq with what comes next. The loop waits for news and ends when ctx ends, or
// when the tree has ended and all was told. Nothing is kept for it and it holds nobody up: the tree keeps its last 4,096
// records, and missed says how many before r are gone because the loop was too slow. After the loop has ended, Seq of its
// last record tells where another one may go on.
func (h *Handle) Subscribe(ctx context.Context, seq uint64) iter.Seq2[Record, uint64] {
	return func(yield func(Record, uint64) bool) {
		for h.awaitRecord(ctx, seq) {
			records, missed := h.History(seq, subscribeBatch)
			for _, r := range records {
				if ctx.Err() != nil || !yield(r, missed) {
					return
				}
				seq, missed = r.Seq, 0
			}
		}
	}
}

// awaitRecord waits until there is a record after number seq. false: there will be none, or ctx has ended.
func (h *Handle) awaitRecord(ctx context.Context, seq uint64) bool {
	news := h.HistoryAfter(seq)
	select {
	case <-news:
	case <-ctx.Done():
	case <-h.Done():
		select { // what has happened last may have come with the end
		case <-news:
		default:
			return false
		}
	}
	return ctx.Err() == nil
}
