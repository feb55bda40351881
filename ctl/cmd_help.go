package ctl

import "strings"

// helpWidth is how wide the list of commands may be.
const helpWidth = 80

var verbHelp = verb{
	name:  "help",
	short: "list the commands, or tell how one is called",
	forms: []form{
		{"help", "the list of commands"},
		{"help COMMAND", "how this command is called"},
	},
	notes: `The flag --help behind a command tells more about it.`,
	example: `$ help
$ help start
$ start --help`,
	words: wordsVerbs,
}

// The work of help is set here because it looks into the table that holds it.
func init() { verbHelp.run = runHelp }

func runHelp(s *session, args []string) error {
	if len(args) == 0 {
		title := "default commands (type help <topic>):"
		s.printf("\n%s\n%s\n%s\n", title, strings.Repeat("=", len(title)), columns(verbNames(), helpWidth))
		return nil
	}
	topic := strings.Join(args, " ")
	if v := findVerb(topic); v != nil {
		v.help(s.env.Stdout)
		printForms(s.env.Stdout, v.flags)
		return nil
	}
	s.printf("*** No help on %s\n", topic)
	return nil
}

// columns arranges words downwards in as many columns as fit in less than width, each padded to its longest word, two
// blanks apart.
func columns(words []string, width int) string {
	for rows := 1; ; rows++ {
		var widths []int
		total := -2
		for i := 0; i < len(words); i += rows {
			w := 0
			for _, word := range words[i:min(i+rows, len(words))] {
				w = max(w, len(word))
			}
			widths = append(widths, w)
			total += w + 2
		}
		if total >= width && rows < len(words) {
			continue
		}
		var b strings.Builder
		for r := range rows {
			for c := 0; c*rows+r < len(words); c++ {
				if c > 0 {
					b.WriteString("  ")
				}
				word := words[c*rows+r]
				b.WriteString(word + strings.Repeat(" ", widths[c]-len(word)))
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
}
