using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace OnnxTransfer.Benchmarks;

/// <summary>What the mean time is worth: <paramref name="value"/> of images per second and bytes per image.</summary>
internal sealed class ThroughputColumn(string name, Func<double, long, double> value) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => $"{name}, from the mean";

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(c => Of(c, 1) > 0);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        summary[benchmarkCase]?.ResultStatistics is { Mean: > 0 } statistics && Of(benchmarkCase, 1e9 / statistics.Mean) is > 0 and var found
            ? found.ToString(found < 100 ? "F1" : "F0", CultureInfo.InvariantCulture)
            : "-";

    private double Of(BenchmarkCase benchmarkCase, double imagesPerSecond)
    {
        if (benchmarkCase.Descriptor.Type.GetCustomAttribute<PerImageAttribute>() is not { } perImage)
        {
            return 0;
        }

        var photo = benchmarkCase.Parameters.Items.Select(p => p.Value).OfType<Photo>().FirstOrDefault();
        return value(imagesPerSecond, photo?.Bytes.Length ?? perImage.Bytes);
    }
}
