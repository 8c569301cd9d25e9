using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>The options of the gpu verbs: --name value, every one of them known.</summary>
internal sealed class GpuArguments
{
    private static readonly string[] Known =
    [
        "backbone", "batch", "batches", "count", "graph", "height", "images", "jpeg", "precision", "provider", "repeats", "rows", "seconds", "until", "width", "work",
    ];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public GpuArguments(string[] arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string name = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : "";
            if (!Known.Contains(name) || i + 1 == arguments.Length)
            {
                throw new ArgumentException($"{arguments[i]}: expected --NAME VALUE with one of {string.Join(", ", Known)}");
            }

            _values[name] = arguments[i + 1];
        }
    }

    /// <summary>fp32, tf32 or fp16.</summary>
    public string Precision => Text("precision");

    public ExecutionProvider Provider => Choice("provider", ExecutionProvider.Auto);

    public JpegDecoding Jpeg => Choice("jpeg", JpegDecoding.Exact);

    /// <summary>Whether runs are recorded as a CUDA graph.</summary>
    public bool Graph => _values.ContainsKey("graph")
        && (Text("graph") == "on" ? true : throw new ArgumentException($"--graph {Text("graph")}: expected on, or nothing at all"));

    /// <summary>The backbone's file without folder and ending: the network's name.</summary>
    public string Network => Path.GetFileNameWithoutExtension(Text("backbone"));

    /// <summary>Whether the run's time is up; rows that come after are recorded as not run.</summary>
    public bool IsTimeUp => _values.ContainsKey("until") && DateTimeOffset.UtcNow.ToUnixTimeSeconds() >= Number("until", 0);

    public string Text(string name) => _values.TryGetValue(name, out var value) ? value : throw new ArgumentException($"--{name} is missing");

    public int Number(string name, int otherwise) => !_values.TryGetValue(name, out var value) ? otherwise
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
        : throw new ArgumentException($"--{name} {value}: expected a whole number above 0");

    public double Seconds => !_values.TryGetValue("seconds", out var value) ? 1
        : double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds > 0 ? seconds
        : throw new ArgumentException($"--seconds {value}: expected a number above 0");

    public int[] Batches => [.. Text("batches").Split(',').Select(text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int batch) && batch > 0 ? batch
            : throw new ArgumentException($"--batches {Text("batches")}: expected numbers above 0 with commas between them"))];

    /// <summary>The backbone for batches of this size; <paramref name="onCpu"/>: fp32 on the processor, which the others are held against.</summary>
    public Backbone Load(int batch, bool onCpu = false) => Backbone.Load(Text("backbone"), onCpu ? ExecutionProvider.Cpu : Provider, new BackboneSettings
    {
        BatchSize = batch,
        Gpu = new GpuSettings { CudaGraph = !onCpu && Graph },
        Precision = !onCpu && Precision == "fp16" ? Backbones.Precision.Fp16 : Backbones.Precision.Fp32,
        AllowTf32 = !onCpu && Precision switch
        {
            "tf32" => true,
            "fp32" or "fp16" => false,
            _ => throw new ArgumentException($"--precision {Precision}: expected fp32, tf32 or fp16"),
        },
    });

    private T Choice<T>(string name, T otherwise)
        where T : struct, Enum => !_values.TryGetValue(name, out var value) ? otherwise
        : Enum.TryParse(value, ignoreCase: true, out T choice) ? choice
        : throw new ArgumentException($"--{name} {value}: expected {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");
}
