package web

// A Tail is the page with the end of a log.
type Tail struct {
	Name  string // namespec; "" none was asked for
	Text  string // the log, or why there is none
	Limit int    // in bytes, for the link that shows it again
}

// HTML renders the page. Everything in it may come from anywhere.
func (t *Tail) HTML() []byte {
	p := make(page, 0, 2048+len(t.Text)+len(t.Text)/8)
	name := t.Name
	if name == "" {
		name = "None"
	}
	p.head("Supervisor tail of process ", name, "tail")
	p.put(`<header id="header">
<h1><a href="index.html"><img src="images/icon.png" alt="All programs" width="32" height="32"></a> `).text(t.Name).put("</h1>\n")
	if t.Name != "" {
		p.put(`<ul id="buttons">
<li class="action-button"><a class="button" href="tail.html?processname=`).value(t.Name).put(`&amp;limit=`).number(t.Limit).put(`">Refresh</a></li>
<li class="action-button"><a class="button" href="logtail/`).value(t.Name).put(`">Tail -f Stdout</a></li>
<li class="action-button"><a class="button" href="logtail/`).value(t.Name).put(`/stderr">Tail -f Stderr</a></li>
</ul>
`)
	}
	// HTML leaves out a line break at the beginning of <pre>: this one, not one of the log.
	p.put(`</header>
<main>
<pre tabindex="0" aria-label="End of the log">
`).text(t.Text).put("</pre>\n</main>\n", foot)
	return p
}

// A Confirm is the page that asks whether an action is meant, when the browser does not tell whose page it comes from.
type Confirm struct {
	Action string // "stop"
	Words  string // "Stop"
	Name   string // namespec; "" for all
}

// HTML renders the page. Everything in it may come from anywhere.
func (c *Confirm) HTML() []byte {
	p := make(page, 0, 2048)
	what := c.Words
	if c.Name != "" {
		what += " " + c.Name
	}
	p.head("Supervisor: ", what+"?", "confirm")
	p.put(`<header id="header"><h1><img src="images/icon.png" alt="" width="32" height="32"> `).text(what).put(`?</h1></header>
<main>
<p>Your browser does not say which page this link was on. It may have been one that you did not want to give orders here.</p>
<ul id="buttons">
<li class="action-button"><form method="post" action="index.html?processname=`).value(c.Name).put(`&amp;action=`).value(c.Action).
		put(`"><button class="danger">`).text(what).put(`</button></form></li>
<li class="action-button"><a class="button" href="index.html">Back to all programs</a></li>
</ul>
</main>
`, foot)
	return p
}
