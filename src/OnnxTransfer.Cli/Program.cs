using OnnxTransfer.Cli;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
