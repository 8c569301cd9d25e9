using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Cli;

/// <summary>Which GPUs run the backbone, and how.</summary>
internal sealed class DeviceOptions
{
    private const string EngineFolder = "tensorrt";

    public Option<string> Device { get; } = new("--device")
    {
        Description = "numbers of the GPUs, separated by commas, as nvidia-smi lists those that CUDA_VISIBLE_DEVICES leaves: each runs a share of the batches; a network is trained on the first",
        DefaultValueFactory = _ => "0",
    };

    public Option<bool> Tf32 { get; } = new("--tf32") { Description = "let a GPU round the factors of fp32 to 10 bits of mantissa; faster, and counts as another backbone in the cache" };

    public Option<double> Memory { get; } = new("--gpu-memory") { Description = "GB of a GPU's memory that the backbone's tensors may take; 0: all", DefaultValueFactory = _ => 0 };

    public Option<ConvolutionSearch> Search { get; } = new("--conv-search")
    {
        Description = "how cuDNN's convolutions are chosen: heuristic, exhaustive, auto (exhaustive), or measured: both are timed before the first batch and the faster one stays",
        DefaultValueFactory = _ => ConvolutionSearch.Auto,
    };

    public Option<bool> CudaGraph { get; } = new("--cuda-graph") { Description = "start the kernels of a batch together, recorded as a CUDA graph: for small batches on one GPU" };

    public Option<string?> EngineCache { get; } = new("--engine-cache") { Description = $"where --provider tensorrt keeps what it compiled (default: {EngineFolder} in the cache)" };

    public Option<string[]> Further { get; } = new("--provider-option")
    {
        Description = "a further option of ONNX Runtime's provider as name=value, such as fuse_conv_bias=1 or trt_builder_optimization_level=5; may be given several times",
    };

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary><paramref name="settings"/> with what these options say; engines lie in <paramref name="cache"/> unless another folder is named.</summary>
    /// <exception cref="UsageException">A value is none of its option's, or an option says something of a provider that was not asked for.</exception>
    public BackboneSettings Apply(BackboneSettings settings, ParseResult parsed, ExecutionProvider provider, string cache)
    {
        var idle = provider switch
        {
            ExecutionProvider.Cpu => All,
            ExecutionProvider.TensorRT => [Tf32, Search, CudaGraph],
            _ => [EngineCache],
        };
        if (Array.Find(idle, option => parsed.GetResult(option) is { Implicit: false }) is { } unread)
        {
            throw new UsageException($"{unread.Name}: says nothing to --provider {provider.ToString().ToLowerInvariant()}; leave one of them out");
        }

        return settings with
        {
            Devices = Devices(parsed.GetValue(Device)!),
            AllowTf32 = parsed.GetValue(Tf32),
            Gpu = new()
            {
                MemoryLimit = Bytes(parsed.GetValue(Memory)),
                ConvolutionSearch = parsed.GetValue(Search),
                CudaGraph = parsed.GetValue(CudaGraph),
                EngineCache = provider == ExecutionProvider.TensorRT ? parsed.GetValue(EngineCache) ?? Path.Combine(cache, EngineFolder) : null,
                ProviderOptions = Pairs(parsed.GetValue(Further) ?? []),
            },
        };
    }

    public Option[] All => [Device, Tf32, Memory, Search, CudaGraph, EngineCache, Further];

    private static int[] Devices(string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || numbers.Contains(number))
            {
                throw new UsageException($"--device {text}: expected numbers of GPUs, each once and separated by commas, such as 0,1");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static long Bytes(double gigabytes) => gigabytes is >= 0 and < 1e6
        ? (long)(gigabytes * 1e9)
        : throw new UsageException($"--gpu-memory {gigabytes.ToString(CultureInfo.InvariantCulture)}: expected GB, such as 8 or 0.5, or 0 for all");

    private static Dictionary<string, string> Pairs(string[] texts)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var cut = text.IndexOf('=', StringComparison.Ordinal);
            if (cut <= 0 || !pairs.TryAdd(text[..cut].Trim(), text[(cut + 1)..].Trim()))
            {
                throw new UsageException($"--provider-option {text}: expected name=value, each name once");
            }
        }

        return pairs;
    }
}
