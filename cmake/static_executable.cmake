# ferry_static_executable(NAME SOURCES... DEPENDS...): one static executable at a fixed high address without dynamic
# relocations (docs/adr/0001-static-image.md). With a sanitizer, whose run-time needs it, a dynamic one.

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../ir/support/host_range.h image_base REGEX "kHostRangeBegin = 0x")
string(REGEX MATCH "0x[0-9a-f]+" FERRY_IMAGE_BASE "${image_base}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../ir/support/host_range.h)

# gcc's start file for static executables (crtbeginT.o) holds 32-bit absolute addresses; the one for shared objects does not.
function(ferry_start_file result name)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name}
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT IS_ABSOLUTE "${path}")
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} does not find ${name}: is libc6-dev or libgcc-12-dev missing?")
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

foreach(file crt1 crti crtbeginS crtendS crtn)
  ferry_start_file(ferry_${file} ${file}.o)
endforeach()

# Functions of libc.a that other parts of it call only if they are there (see weak_definitions.c). When the linker reports
# "relocation R_X86_64_PLT32 out of range … references 'f'", f belongs in this list or in that file.
set(ferry_libc_optional
  __call_tls_dtors __cxa_finalize __glibc_tls_internal_free __mq_notify_fork_subprocess __pthread_unwind
  __timer_fork_subprocess)
list(TRANSFORM ferry_libc_optional PREPEND "LINKER:-u," OUTPUT_VARIABLE ferry_libc_required)

add_library(ferry_weak_definitions OBJECT ${CMAKE_CURRENT_LIST_DIR}/static_image/weak_definitions.c)
set(ferry_llvm_apart ${CMAKE_CURRENT_LIST_DIR}/static_image/llvm_apart.ld)

function(ferry_static_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  if(FERRY_SANITIZED)
    return()
  endif()
  target_sources(${name} PRIVATE $<TARGET_OBJECTS:ferry_weak_definitions>)
  target_link_options(${name} PRIVATE
    -static -nostartfiles ${ferry_crt1} ${ferry_crti} ${ferry_crtbeginS}
    LINKER:--image-base=${FERRY_IMAGE_BASE} ${ferry_libc_required}
    LINKER:-T,${ferry_llvm_apart}
    LINKER:--build-id=sha1 LINKER:-O2)
  target_link_libraries(${name} PRIVATE ${ferry_crtendS} ${ferry_crtn})
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${ferry_llvm_apart})
endfunction()
