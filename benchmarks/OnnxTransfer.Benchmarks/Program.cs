using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;

// photos FOLDER: writes the photos that decoding is measured on, for the peers. pixels WAY FOLDER OUT: what one way to decode
// JPEG makes of photos. heads DATA HEAD: one fit. predict: latency of single calls. Otherwise BenchmarkDotNet's own arguments,
// and --full for the long job: dotnet run -c Release --project benchmarks/OnnxTransfer.Benchmarks -- --full --filter '*Decode*'
if (args is ["photos", var folder])
{
    Photo.WriteAll(folder);
    return 0;
}

if (args is ["pixels", var way, var photos, var pixels])
{
    return PreparedPixels.Write(way, photos, pixels);
}

if (args is ["heads", .. var arguments])
{
    return HeadRun.Run(arguments);
}

if (args is ["predict", .. var latency])
{
    return PredictRun.Run(latency);
}

var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != "--full")], new Settings(args)).ToArray();
return summaries.Length > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? 0 : 1;
