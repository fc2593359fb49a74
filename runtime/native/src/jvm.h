/* The parts of JNI and JVMTI that are used here: places in their tables of functions, fixed by their specifications
   (https://docs.oracle.com/en/java/javase/17/docs/specs/jni/functions.html, .../jvmti.html). */
#ifndef PELLICLE_JVM_H
#define PELLICLE_JVM_H

typedef void *object;
typedef void *const *const *environment;

enum {
    DEFINE_CLASS = 5, FIND_CLASS = 6, THROW_NEW = 14, EXCEPTION_CLEAR = 17, PUSH_LOCAL_FRAME = 19, POP_LOCAL_FRAME = 20, GET_METHOD = 33, CALL_OBJECT_METHOD = 36, GET_FIELD = 94,
    GET_OBJECT_FIELD = 95, GET_INT_FIELD = 100, GET_ARRAY_LENGTH = 171, NEW_BYTE_ARRAY = 176, GET_BYTES = 200, SET_BYTES = 208, REGISTER_NATIVES = 215, EXCEPTION_CHECK = 228,
};
enum { VM_GET_ENVIRONMENT = 6, JNI_6 = 0x00010006 };
enum { TI_NOTIFY = 1, TI_ALLOCATE = 45, TI_CALLBACKS = 121, TI_DISPOSE = 126, TI_CAPABILITIES = 141, TI_RETRANSFORM = 151, TI_1_2 = 0x30010200, TI_CLASS_FILE = 54 };

/* A function of such a table, called: the first argument is what the table belongs to. */
#define JVM_CALL(result, table, place, ...) ((result (*)(environment, __VA_ARGS__))(*(table))[place])
#define JVM_CALL0(result, table, place) ((result (*)(environment))(*(table))[place])(table)
#endif
