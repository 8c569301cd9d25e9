using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// gpu VERB: the parts of benchmarks/gpu.sh that are OnnxTransfer's own. Not BenchmarkDotNet, which builds projects while it
/// runs: a bundle has no compiler. Every row is appended to --rows as it is measured, so that a run cut short keeps them.
/// </summary>
internal static class GpuRun
{
    private const string Usage = """
        gpu photos FOLDER --count N --width W --height H
        gpu check --backbone FILE --images FOLDER --provider P --precision fp32|tf32|fp16 --rows FILE [--count N]
        gpu infer --backbone FILE --provider P --precision fp32|tf32|fp16 --batches 1,8 --rows FILE [--seconds S] [--graph on] [--until EPOCH]
        gpu embed --backbone FILE --images FOLDER --provider P --precision fp32|tf32|fp16 --batch N --work NAME --rows FILE [--jpeg exact|scaled|gpu] [--repeats N] [--until EPOCH]
        gpu table FOLDER
        gpu runtime
        """;

    public static int Run(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case ["photos", var folder, .. var rest]:
                    GpuPhotos.Write(folder, new GpuArguments(rest));
                    return 0;
                case ["check", .. var rest]:
                    return GpuCheck.Run(new GpuArguments(rest)) ? 0 : 1;
                case ["infer", .. var rest]:
                    GpuInfer.Run(new GpuArguments(rest));
                    return 0;
                case ["embed", .. var rest]:
                    GpuEmbed.Run(new GpuArguments(rest));
                    return 0;
                case ["table", var folder]:
                    GpuTable.Write(folder);
                    return 0;
                case ["runtime"]:
                    Console.WriteLine($"{ProviderCheck.RuntimeVersion}, compiled in: {string.Join(", ", ProviderCheck.CompiledProviders)}");
                    return 0;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }
        catch (ArgumentException error)
        {
            Console.Error.WriteLine($"gpu: {error.Message}\n{Usage}");
            return 2;
        }
    }
}
