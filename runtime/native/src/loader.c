/* Variables that make a child load something before its own program runs. What the loader opens there comes before anything of ours, and what an
   interpreter is told to run first is code like any other: from a place that functions can write it was not deployed. */
#include "pellicle.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Loader variables as this process was started with: whoever set them was judged then, or deployed the function. */
static char given_preload[2048], given_paths[2048];

static void keep(const char *name, char *to, size_t capacity)
{
    const char *value = getenv(name);
    if (value && strlen(value) < capacity)
        strcpy(to, value);
}

/* ---- variables by which programs are told what to run, whose value an event may have brought: the guard is asked ---- */

static const char *const steering[] = {
    "BASH_ENV=", "BASH_FUNC_", "BROWSER=", "CORECLR_PROFILER_PATH=", "CORECLR_PROFILER_PATH_64=", "DOTNET_STARTUP_HOOKS=", "EDITOR=", "ENV=", "GCONV_PATH=", "GIT_ASKPASS=", "GIT_EDITOR=", "GIT_EXEC_PATH=", "GIT_EXTERNAL_DIFF=", "GIT_PAGER=",
    "GIT_PROXY_COMMAND=", "GIT_SEQUENCE_EDITOR=", "GIT_SSH=", "GIT_SSH_COMMAND=", "JAVA_TOOL_OPTIONS=", "JDK_JAVA_OPTIONS=", "LD_AUDIT=", "LD_LIBRARY_PATH=", "LD_PRELOAD=", "LESSOPEN=", "LUA_INIT=", "MANPAGER=", "NODE_OPTIONS=", "NODE_PATH=",
    "OPENSSL_CONF=", "PAGER=", "PATH=", "PERL5DB=", "PERL5LIB=", "PERL5OPT=", "PERLLIB=", "PHPRC=", "PHP_INI_SCAN_DIR=", "PROMPT_COMMAND=", "PS4=", "PYTHONHOME=", "PYTHONPATH=", "PYTHONSTARTUP=", "RUBYLIB=", "RUBYOPT=", "SSH_ASKPASS=",
    "VISUAL=", "_JAVA_OPTIONS=",
};

/* Those of this process's own start. Their memory is the kernel's and stays where it is. */
static const char *given[sizeof steering / sizeof *steering];
extern char **environ;

static bool steers(const char *entry)
{
    if (!strchr("BCDEGJLMNOPRSV_", *entry))
        return false;
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++)
        if (steering[i][0] == *entry && strncmp(entry, steering[i], strlen(steering[i])) == 0)
            return true;
    return false;
}

static void keep_steering(void)
{
    size_t count = 0;
    for (char **at = environ; at && *at && count < sizeof given / sizeof *given; at++)
        if (steers(*at))
            given[count++] = *at;
}

static int judge_steering(const char *entry)
{
    if (!steers(entry))
        return 0;
    for (size_t i = 0; i < sizeof given / sizeof *given && given[i]; i++)
        if (strcmp(given[i], entry) == 0)
            return 0;
    return pe_tamper("variable", entry, EACCES);
}

void pe_loader_start(void)
{
    keep_steering();
    keep("LD_PRELOAD", given_preload, sizeof given_preload);
    keep("LD_LIBRARY_PATH", given_paths, sizeof given_paths);
}

/* Whole entry of a list separated by colons, semicolons or spaces, as the loader reads it. */
static bool listed(const char *list, const char *entry, size_t size)
{
    for (const char *at = list; *at; at++) {
        size_t length = strcspn(at, ":; ");
        if (length == size && memcmp(at, entry, size) == 0)
            return true;
        at += length;
        if (*at == 0)
            break;
    }
    return false;
}

bool pe_writable_place(const char *path)
{
    static const char *const places[] = { "/tmp/", "/var/tmp/", "/dev/shm/", "/memfd:" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strncmp(path, places[i], strlen(places[i])) == 0)
            return true;
    return false;
}

/* Is the file there, and does its path lead to a place that functions write? Without room to copy it the answer is no. */
static bool dropped(const char *path, size_t length, const char *file)
{
    char given[PE_PATH], item[PE_PATH];
    size_t more = strlen(file);
    if (length == 0 || length + more >= sizeof given)
        return false;
    memcpy(given, path, length);
    memcpy(given + length, file, more + 1);
    return SYS3(SYS_faccessat, AT_FDCWD, given, 0 /* F_OK */) == 0 && pe_resolve(AT_FDCWD, given, false, item) > 0 && pe_writable_place(item);
}

static int tamper(const char *entry) { return pe_tamper("loader", entry, EACCES); }

static int judge_preloads(const char *entry, const char *value)
{
    char path[PE_PATH];
    for (; *value; value++) {
        size_t length = strcspn(value, ": ");
        if (length && length < sizeof path && !listed(given_preload, value, length)) {
            memcpy(path, value, length);
            path[length] = 0;
            int denied = strcmp(path, pe.own_path) == 0 ? 0 : pe_judge_library(path, true);
            if (!denied && dropped(value, length, ""))
                denied = tamper(entry);
            if (denied)
                return denied;
        }
        value += length;
        if (*value == 0)
            break;
    }
    return 0;
}

/* A folder of libraries that take the place of the system's. */
static int judge_library_folders(const char *value)
{
    char path[PE_PATH];
    for (; *value; value++) {
        size_t length = strcspn(value, ":;");
        if (length && length < sizeof path && !listed(given_paths, value, length)) {
            memcpy(path, value, length);
            path[length] = 0;
            int denied = !pe_fixed_tree(path) && SYS3(SYS_faccessat, AT_FDCWD, path, F_OK) == 0 ? pe_judge_path(PE_LIBRARY, AT_FDCWD, path, false, NULL) : 0;
            if (denied)
                return denied;
        }
        value += length;
        if (*value == 0)
            break;
    }
    return 0;
}

/* ---- interpreters: files their variables name, to be run before the program ---- */

enum kind {
    PATHS,   /* a list of files, separated by colons */
    FOLDERS, /* a list of folders; a file of a certain name in one of them runs by itself */
    OPTIONS, /* words, some of which name a file: `--require FILE`, `--require=FILE`, `-javaagent:FILE` */
};

static const char *const node_options[] = { "--require", "-r", "--import", "--loader", "--experimental-loader", NULL };
static const char *const java_options[] = { "-javaagent:", "-agentpath:", "-Xbootclasspath/a:", "--patch-module", NULL };
static const char *const ruby_options[] = { "-r", NULL };
static const char *const python_files[] = { "/sitecustomize.py", "/usercustomize.py", "/sitecustomize.pyc", "/usercustomize.pyc", NULL };
static const char *const gconv_files[] = { "/gconv-modules", NULL };

static const struct variable { const char *name; enum kind kind; const char *const *words; } variables[] = {
    { "NODE_OPTIONS=", OPTIONS, node_options }, { "JAVA_TOOL_OPTIONS=", OPTIONS, java_options }, { "_JAVA_OPTIONS=", OPTIONS, java_options },
    { "JDK_JAVA_OPTIONS=", OPTIONS, java_options }, { "RUBYOPT=", OPTIONS, ruby_options }, { "DOTNET_STARTUP_HOOKS=", PATHS, NULL },
    { "CORECLR_PROFILER_PATH=", PATHS, NULL }, { "CORECLR_PROFILER_PATH_64=", PATHS, NULL }, { "BASH_ENV=", PATHS, NULL },
    { "PYTHONPATH=", FOLDERS, python_files }, { "GCONV_PATH=", FOLDERS, gconv_files },
};

/* What the option's file is, in this word or the next; its length is given back. NULL: no such option. */
static const char *option_file(const char *word, size_t length, const char *const *options, size_t *file_length)
{
    for (; *options; options++) {
        size_t size = strlen(*options);
        if (length < size || memcmp(word, *options, size) != 0)
            continue;
        const char *file = word + size;
        if (size == length) { /* the next word */
            file += strspn(file, " ");
            *file_length = strcspn(file, " ");
            return file;
        }
        if (*file == '=' || file[-1] == ':' || size == 2)
            return *file_length = length - size - (*file == '='), file + (*file == '=');
    }
    return NULL;
}

static bool loads_dropped(const char *file, size_t length)
{
    static const char scheme[] = "file://", data[] = "data:";
    while (length && (*file == '"' || *file == '\''))
        file++, length--;
    while (length && (file[length - 1] == '"' || file[length - 1] == '\''))
        length--;
    if (length > sizeof scheme - 1 && memcmp(file, scheme, sizeof scheme - 1) == 0)
        file += sizeof scheme - 1, length -= sizeof scheme - 1;
    if (length > sizeof data - 1 && memcmp(file, data, sizeof data - 1) == 0)
        return true; /* the text itself is the program */
    const char *options = memchr(file, '=', length); /* agents take arguments behind an equals sign */
    return dropped(file, length, "") || (options && dropped(file, (size_t)(options - file), ""));
}

static bool loads(const struct variable *variable, const char *value)
{
    const char *separators = variable->kind == OPTIONS ? " " : ":";
    for (; *value; value++) {
        size_t length = strcspn(value, separators), file_length;
        const char *file = value;
        switch (variable->kind) {
        case PATHS:
            if (dropped(value, length, ""))
                return true;
            break;
        case FOLDERS:
            for (const char *const *name = variable->words; *name; name++)
                if (dropped(value, length, *name))
                    return true;
            break;
        case OPTIONS:
            file = option_file(value, length, variable->words, &file_length);
            if (file && loads_dropped(file, file_length))
                return true;
            break;
        }
        value += length;
        if (*value == 0)
            break;
    }
    return false;
}

static int judge_interpreter(const char *entry)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        size_t size = strlen(variables[i].name);
        if (strncmp(entry, variables[i].name, size) == 0)
            return loads(&variables[i], entry + size) ? tamper(entry) : 0;
    }
    return 0;
}

int pe_judge_loader(char *const envp[])
{
    for (size_t i = 0; pe_active() && envp && envp[i]; i++) {
        const char *entry = envp[i];
        int denied = 0;
        if (strncmp(entry, "LD_PRELOAD=", 11) == 0)
            denied = judge_preloads(entry, entry + 11);
        else if (strncmp(entry, "LD_LIBRARY_PATH=", 16) == 0)
            denied = judge_library_folders(entry + 16);
        else if (strncmp(entry, "LD_AUDIT=", 9) == 0 && entry[9])
            denied = pe_tamper("unhook", entry, EPERM); /* may bind every name away from us */
        else
            denied = judge_interpreter(entry);
        if (denied || (denied = judge_steering(entry)))
            return denied;
    }
    return 0;
}
