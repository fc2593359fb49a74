# CMake's side of the cross compiler: the runtime compiles its layer over OpenSSL when the guard is linked. SYSROOT is what eng/arm64.sh laid.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_SYSROOT $ENV{SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(OPENSSL_USE_STATIC_LIBS ON)
# A remark on one of OpenSSL's own macros; on the machine itself its headers are the system's, about which nothing is remarked.
set(CMAKE_C_FLAGS_INIT -Wno-unused-value)
add_link_options(-fuse-ld=lld -static)
