package top

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/gwaycc/supd/ctl/sse"
)

// dim is the attribute of what matters less.
const dim = "2"

// paint gives text attributes, numbers of SGR; "" leaves it as it is.
func paint(attributes, text string) string {
	if attributes == "" || text == "" {
		return text
	}
	return "\x1b[" + attributes + "m" + text + "\x1b[0m"
}

// stripped is text without attributes.
func stripped(text string) string { return ansi.Strip(text) }

// clean replaces what could steer a terminal or turn text around.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '?'
		}
		return r
	}, text)
}

// harmless is a line of a log with its colours, and without anything else that could steer a terminal: control characters are
// shown as ^X, other sequences are left out.
func harmless(line string) string {
	line = strings.ToValidUTF8(line, "\uFFFD")
	var b strings.Builder
	var state byte
	parser := ansi.NewParser()
	column, coloured := 0, false
	for line != "" {
		seq, width, n, next := ansi.DecodeSequence(line, state, parser)
		line, state = line[max(n, 1):], next // whatever it says, there is an end
		switch {
		case width > 0:
			b.WriteString(clean(seq))
			column += width
		case seq == "\t":
			blanks := 8 - column%8
			b.WriteString(strings.Repeat(" ", blanks))
			column += blanks
		case len(seq) == 1 && seq[0] < ' ' && seq[0] != 0x1b:
			b.WriteString("^" + string(rune(seq[0]+'@')))
			column += 2
		case isSGR(seq):
			b.WriteString(seq)
			coloured = true
		}
	}
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// isSGR tells whether a sequence sets attributes of what follows and does nothing else.
func isSGR(seq string) bool {
	params, ok := strings.CutPrefix(seq, "\x1b[")
	if !ok || !strings.HasSuffix(params, "m") {
		return false
	}
	return strings.Trim(params[:len(params)-1], "0123456789;:") == ""
}

// fit makes text exactly so many columns wide.
func fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// right is text at the right end of so many columns.
func right(text string, width int) string {
	text = ansi.Truncate(text, max(0, width), "…")
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}

// readPiece reads an event of a log.
func readPiece(e sse.Event) (logged, error) {
	var v struct {
		Stream string `json:"stream"`
		Text   string `json:"text"`
	}
	if err := json.Unmarshal(e.Data, &v); err != nil {
		return logged{}, fmt.Errorf("event %s: %w", e.Kind, err)
	}
	return logged{kind: e.Kind, stream: v.Stream, text: v.Text}, nil
}
