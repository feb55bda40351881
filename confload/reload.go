package confload

// ReloadOnChange tells what a change of the configuration files does.
type ReloadOnChange int

// The values of reload_on_change=.
const (
	ReloadOff    ReloadOnChange = iota
	ReloadReread                // they are read and checked, nothing changes
	ReloadUpdate                // what has changed is brought into effect
)

// Sources returns the files that a Load would read now, the main file first and whether it exists or not, and the
// directories in which a file may come that [include] would then name, some of which may be missing, or be files to come.
func (c *Config) Sources() (files, dirs []string) {
	files = []string{c.Path}
	for _, pattern := range c.Includes {
		found, searched := globIn("/", pattern)
		files, dirs = append(files, found...), append(dirs, searched...)
	}
	return files, dirs
}
