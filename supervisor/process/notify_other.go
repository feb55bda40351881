//go:build unix && !linux

package process

// A NotifySocket is where a program says how it is. It cannot be made on this platform.
type NotifySocket struct{}

// ListenNotify returns ErrNoNotify.
func ListenNotify() (*NotifySocket, error) { return nil, ErrNoNotify }

// Name is the value of NOTIFY_SOCKET.
func (n *NotifySocket) Name() string { return "" }

// Close ends Serve.
func (n *NotifySocket) Close() error { return nil }

// Serve returns at once.
func (n *NotifySocket) Serve(int, uint32, NotifyHandler) {}
