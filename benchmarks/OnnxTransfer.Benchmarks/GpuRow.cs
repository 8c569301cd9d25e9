using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxTransfer.Benchmarks;

/// <summary>One line of rows.jsonl: something measured, or the reason why not. peers/gpu_torch.py writes the same fields.</summary>
internal sealed record GpuRow
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Who did the work; that of a peer is its whole name, such as "PyTorch 2.7.0, compiled, channels_last".</summary>
    public string By { get; init; } = "OnnxTransfer";

    /// <summary>check, device (pixels lie on the device), host (they come from the host's memory), or the kind of files embedded.</summary>
    public required string Work { get; init; }

    public required string Network { get; init; }

    public required string Precision { get; init; }

    /// <summary>Images per run.</summary>
    public int Batch { get; init; }

    public double? ImagesPerSecond { get; init; }

    /// <summary>Of a check: the least cosine between an image's embeddings, here and on the CPU in fp32.</summary>
    public double? Cosine { get; init; }

    /// <summary>Of a check: what the cosine must reach.</summary>
    public double? Allowed { get; init; }

    /// <summary>Seconds since 1970 between which it was measured, to look up how busy the GPU was.</summary>
    public double? From { get; init; }

    public double? To { get; init; }

    /// <summary>How it was run, and what limited it.</summary>
    public string? Note { get; init; }

    /// <summary>Why there is no figure.</summary>
    public string? Failure { get; init; }

    public static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3;

    /// <summary>The rows of a file, a line each; a last line cut short is passed over.</summary>
    public static IReadOnlyList<GpuRow> Read(string path)
    {
        var rows = new List<GpuRow>();
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            try
            {
                rows.Add(JsonSerializer.Deserialize<GpuRow>(line, Json)!);
            }
            catch (JsonException)
            {
                Console.Error.WriteLine($"gpu: {path}: a line is no row and is left out: {line}");
            }
        }

        return rows;
    }

    /// <summary>Measures; whatever goes wrong becomes the row's failure, so that the next one gets its turn.</summary>
    public static GpuRow Try(GpuRow row, GpuArguments options, Func<GpuRow, GpuRow> measure)
    {
        GpuRow done;
        try
        {
            done = options.IsTimeUp ? row with { Failure = "not run: the time given to the whole run was up" } : measure(row);
        }
        catch (Exception error) when (error is not ArgumentException)
        {
            done = row with { Failure = error.Message.Split('\n')[0].Trim() };
        }

        File.AppendAllText(options.Text("rows"), JsonSerializer.Serialize(done, Json) + "\n");
        Console.Error.WriteLine($"gpu: {done.Work} {done.Network} {done.Precision} batch {done.Batch}: "
            + (done.Failure ?? (done.Cosine is { } cosine ? $"cosine {cosine:0.0000000}" : $"{done.ImagesPerSecond:0.0} images/s")));
        return done;
    }
}
