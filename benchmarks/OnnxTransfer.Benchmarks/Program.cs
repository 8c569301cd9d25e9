using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;

// photos FOLDER: writes the photos that decoding is measured on, for the peers. heads DATA HEAD: one fit. gpu: see GpuRun.
// Otherwise BenchmarkDotNet's own arguments, and --full for the long job: dotnet run -c Release --project benchmarks/OnnxTransfer.Benchmarks -- --full --filter '*Decode*'
if (args is ["photos", var folder])
{
    Photo.WriteAll(folder);
    return 0;
}

if (args is ["heads", .. var arguments])
{
    return HeadRun.Run(arguments);
}

if (args is ["gpu", .. var verb])
{
    return GpuRun.Run(verb);
}

return Measure(args);

// Apart, so that what comes before runs where BenchmarkDotNet is not, as in a bundle.
static int Measure(string[] args)
{
    var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != "--full")], new Settings(args)).ToArray();
    return summaries.Length > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? 0 : 1;
}
