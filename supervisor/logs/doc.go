// Package logs is where output goes and where it is read back: rotating files with supervisord's names and rules,
// automatic log files, reading and tailing by offset, and the main log's line format.
//
// Bytes are kept as they come: nothing here decodes or repairs text, except the main log, whose lines are ours.
package logs
