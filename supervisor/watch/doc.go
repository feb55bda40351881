// Package watch tells when files have changed. It is told by the operating system that something has happened in a
// directory, waits until it is quiet there, and then looks for itself: what counts is what is there, compared with what
// was there. So it does not matter in what order, how often or whether at all events come, as long as one comes.
package watch
