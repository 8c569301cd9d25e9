using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;

namespace OnnxTransfer.Benchmarks;

/// <summary>What all stages share: the Short job, or the Full one with --full; ratios, throughput, allocated bytes.</summary>
internal sealed class Settings : ManualConfig
{
    public Settings(string[] args)
    {
        // A job named on the command line (--job Dry) stands alone.
        if (!args.Any(a => a is "-j" or "--job"))
        {
            AddJob(args.Contains("--full")
                ? Job.Default.WithId("Full").WithLaunchCount(3).WithWarmupCount(3).WithIterationCount(10)
                : Job.Default.WithId("Short").WithLaunchCount(1).WithWarmupCount(2).WithIterationCount(4));
        }

        AddLogger(ConsoleLogger.Default);
        AddDiagnoser(MemoryDiagnoser.Default);
        AddExporter(MarkdownExporter.GitHub, JsonExporter.Brief);
        AddColumnProvider([.. DefaultColumnProviders.Instance]);
        AddColumn(new ThroughputColumn("images/s", (second, _) => second), new ThroughputColumn("MB/s", (second, bytes) => second * bytes / 1e6));
        WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(60));
        HideColumns(Column.Job, Column.Error, Column.RatioSD, Column.AllocRatio, Column.Gen0, Column.Gen1, Column.Gen2,
            Column.InvocationCount, Column.UnrollFactor, Column.Namespace);
    }
}
