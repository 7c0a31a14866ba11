# ferry_library(NAME SOURCES... DEPENDS libs... HIDDEN_DEPENDS libs...): one static library per folder of the layout.
# Users of the library get the include folders and options of DEPENDS, not those of HIDDEN_DEPENDS (LLVM, capstone).
function(ferry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;HIDDEN_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_HIDDEN_DEPENDS})
endfunction()

# ferry_test(NAME SOURCES... DEPENDS libs...): a GoogleTest program, registered with CTest.
function(ferry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} gtest gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# ferry_add_folders(FOLDERS...): those of them that have a CMakeLists.txt.
function(ferry_add_folders)
  foreach(folder ${ARGN})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
