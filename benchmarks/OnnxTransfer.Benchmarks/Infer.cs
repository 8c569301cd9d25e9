using BenchmarkDotNet.Attributes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// Pixels in memory to embeddings, per backbone, precision, provider and batch: the one the project carries, and those of the folders
/// in ONNXTRANSFER_BENCHMARK_MODELS.
/// </summary>
[PerImage]
public class Infer
{
    private Backbone backbone = null!;
    private BatchBuffers buffers = null!;

    public static IEnumerable<InferCase> Cases => InferCase.Here;

    [ParamsSource(nameof(Cases))]
    public InferCase Case { get; set; } = null!;

    [GlobalSetup(Target = nameof(Batch1))]
    public void Load1() => Load(1);

    [GlobalSetup(Target = nameof(Batch8))]
    public void Load8() => Load(8);

    [GlobalSetup(Target = nameof(Batch32))]
    public void Load32() => Load(32);

    [GlobalCleanup]
    public void Unload()
    {
        buffers.Dispose();
        backbone.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Batch1() => backbone.Run(buffers, 1);

    [Benchmark(OperationsPerInvoke = 8)]
    public void Batch8() => backbone.Run(buffers, 8);

    [Benchmark(OperationsPerInvoke = 32)]
    public void Batch32() => backbone.Run(buffers, 32);

    private void Load(int batchSize)
    {
        backbone = Backbone.Load(Case.Path, Case.Provider, new BackboneSettings { BatchSize = batchSize, Precision = Case.Precision });
        buffers = backbone.CreateBuffers();
        var random = new SeededRandom(1);
        foreach (ref byte value in buffers.Bytes)
        {
            value = (byte)random.NextInt(256);
        }
    }
}
