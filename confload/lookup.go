package confload

// Program returns the program of a namespec ("group:name", or "name" where both are the same), nil if there is none. It is
// part of the configuration: whoever makes one in code may change it until the configuration is given away.
func (c *Config) Program(namespec string) *Program {
	for i := range c.Groups {
		for j := range c.Groups[i].Programs {
			if p := &c.Groups[i].Programs[j]; p.NameSpec() == namespec {
				return p
			}
		}
	}
	return nil
}
