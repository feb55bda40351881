package supervisor

// Outcome is how a waited request stands.
type Outcome int

// The outcomes of a waited start (compat.md §4.5).
const (
	Pending  Outcome = iota // keep waiting
	Done                    // the program is RUNNING
	SpawnBad                // the attempt failed, SpawnErr says why
	Abnormal                // it left STARTING and RUNNING for another reason
)

// StartOutcome tells how a waited start of p stands.
func (p *Program) StartOutcome() Outcome {
	switch {
	case p.State == Running:
		return Done
	case p.Waiting:
		return Pending
	case p.SpawnErr != "":
		return SpawnBad
	case p.State == Starting:
		return Pending
	}
	return Abnormal
}
