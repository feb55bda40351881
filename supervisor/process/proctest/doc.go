// Package proctest is the fixture of tests that run real processes: a scripted child program, which is the test binary
// itself, waiting helpers with a deadline, and a check that nothing leaked.
//
//	func TestMain(m *testing.M) {
//		proctest.Main() // does not return in a child
//		os.Exit(m.Run())
//	}
//
//	argv, env := proctest.Args("print hello", "ignore TERM", "wait"), proctest.Env()
package proctest
