// Package server is the HTTP front of the daemon: its listeners, authentication, and the XML-RPC interface supervisord's
// clients speak (compat.md §4).
package server
