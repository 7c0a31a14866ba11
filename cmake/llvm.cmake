# ferry_llvm_libs: LLVM 19 as static archives, only what the optimizer needs (ORC, code generation for x86-64, passes).
# z3 and libxml2, which llvm-config names too, belong to parts that are not linked.
# Files that include LLVM's headers are built without RTTI, as LLVM is.
find_program(FERRY_LLVM_CONFIG NAMES llvm-config-19 REQUIRED)

set(ferry_llvm_components orcjit x86codegen passes)

function(ferry_llvm_query result)
  execute_process(COMMAND ${FERRY_LLVM_CONFIG} --link-static ${ARGN}
    OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(answer UNIX_COMMAND "${answer}")
  set(${result} ${answer} PARENT_SCOPE)
endfunction()

ferry_llvm_query(llvm_include_dir --includedir)
ferry_llvm_query(llvm_archives --libfiles ${ferry_llvm_components})

add_library(ferry_llvm_libs INTERFACE)
target_include_directories(ferry_llvm_libs SYSTEM INTERFACE ${llvm_include_dir})
target_compile_definitions(ferry_llvm_libs INTERFACE
  __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS __STDC_LIMIT_MACROS)
target_compile_options(ferry_llvm_libs INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
target_link_libraries(ferry_llvm_libs INTERFACE -Wl,--start-group ${llvm_archives} -Wl,--end-group zstd z)
