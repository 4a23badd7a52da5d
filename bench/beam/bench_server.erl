%% The gen_server of the samples: a counter that can crash, and tells who asks for it that it has started.
-module(bench_server).
-behaviour(gen_server).
-export([start/0, start_link/0, start_link/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

start() -> gen_server:start(?MODULE, nobody, []).
start_link() -> gen_server:start_link(?MODULE, nobody, []).
start_link(Observer) -> gen_server:start_link(?MODULE, Observer, []).

init(nobody) -> {ok, 0};
init(Observer) ->
    Observer ! {started, self(), erlang:monotonic_time()},
    {ok, 0}.

handle_call(get, _From, Count) -> {reply, Count, Count}.

handle_cast(crash, _Count) -> error(boom);
handle_cast(By, Count) -> {noreply, Count + By}.

handle_info(_Message, Count) -> {noreply, Count}.
