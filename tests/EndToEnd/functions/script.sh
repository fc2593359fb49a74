echo scripted
