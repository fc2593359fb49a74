/* A library with a symbol of its own that is called like one of libc's. */
int connect(void);
int connect(void) { return 4711; }
