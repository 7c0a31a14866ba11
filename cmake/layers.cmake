# ferry_library(NAME SOURCES... DEPENDS libs...): one static library per folder of the layout.
function(ferry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
endfunction()

# ferry_test(NAME SOURCES... DEPENDS libs...): a GoogleTest program, registered with CTest.
function(ferry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} gtest gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
