raise "cannot start"
