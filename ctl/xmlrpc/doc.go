// Package xmlrpc is the server side of XML-RPC as supervisord speaks it: it decodes calls, appends answers to byte slices
// without reflection, and dispatches calls by a table of methods that also answers system.* (compat.md §4.2, §4.9).
package xmlrpc
