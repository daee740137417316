cmake_minimum_required(VERSION 3.21)
# Writes version_generated.h, and touches it only if it changed.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=10 HEAD
                OUTPUT_VARIABLE git OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
                OUTPUT_VARIABLE changed ERROR_QUIET)
if(git AND changed)
  string(APPEND git "+changes")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"#define LCMPI_VERSION \"@VERSION@\"
#define LCMPI_GIT \"@git@\"
#define LCMPI_BUILD \"@BUILD@\"
#define LCMPI_COMPILER \"@COMPILER@\"
" @ONLY)
