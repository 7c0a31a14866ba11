add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror)
# Guest code is data to us: wrap-around is meant, and type punning goes through memcpy or bit_cast.
add_compile_options(-fno-strict-overflow)
if(FERRY_CHECKED)
  add_compile_definitions(FERRY_CHECKED=1)
endif()
