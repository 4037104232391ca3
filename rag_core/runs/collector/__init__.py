"""The collector: an HTTP server that takes runs and traces of other programs into the database.

limits        sizes, rates, who may post
group_commit  what comes at once is written at once
arrivals      says that the first run of a project is there
intake        a request's body into the database
server        the routes, and the work in the background
in_process    the same in a thread of another server, such as the app
"""
