//go:build 386 || arm || mips || mipsle

package actors

// The actor library indexes a table with a hash that is negative for half of all names where int has 32 bits, and
// panics. A build that would crash on half of all program names is refused here.
var _ = supd_needs_a_64_bit_platform
