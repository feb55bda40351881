package confload

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads files with n programs of a usual kind: time and memory must grow in line with n.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 1000, 10000} {
		var text strings.Builder
		text.WriteString("[supervisord]\nenvironment=A=\"1\",B=\"2\"\n")
		for i := range n {
			fmt.Fprintf(&text, "[program:p%05d]\ncommand=/bin/sleep %%(process_num)d\nautorestart=true\nstartsecs=2\nstdout_logfile=/tmp/%%(program_name)s.log\n"+
				"redirect_stderr=true\nenvironment=C=\"3\"\nuser=root\n\n", i)
		}
		data := []byte(text.String())
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse("/x/s.conf", data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
