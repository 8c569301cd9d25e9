using System.Globalization;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;

// BenchmarkDotNet's own arguments, and --full for the long job:
//   dotnet run -c Release --project benchmarks/OnnxTransfer.Benchmarks -- --full --filter '*Decode*'
// or the part of one of the scripts in benchmarks/ and benchmarks/peers/ that needs the library.
switch (args)
{
    case ["photos", var folder]: // the photos that decoding is measured on, for the peers
        Photo.WriteAll(folder);
        return 0;
    case ["scenes", var folder, var count, var width, var height]: // made-up JPEG files
        Photo.WriteScenes(folder, Number(count), Number(width), Number(height));
        return 0;
    case ["pixels", var way, var photos, var pixels]: // JPEG decoded in one way
        return PreparedPixels.Write(way, photos, pixels);
    case ["heads", .. var arguments]: // one fit
        return HeadRun.Run(arguments);
    case ["predict", .. var latency]: // the latency of single calls
        return PredictRun.Run(latency);
    case ["stages", var backbone, var folder]: // what each stage costs alone
        return StageCosts.Run(backbone, folder);
    case ["steps", var network, var batch, var threads, var seconds]: // training steps
        return StepRun.Steps(network, Number(batch), Number(threads), Number(seconds));
    case ["profile", var network, var batch, var threads]: // where a training step's time goes
        return StepRun.Profile(network, Number(batch), Number(threads));
    case ["gradients", var folder, var batch]: // gradients and steps of an exported network
        return GradientRun.Run(folder, Number(batch));
    case ["infer-absent"]: // which rows of Infer are skipped, and why
        Console.WriteLine(string.Join('\n', InferCase.Absent.Select(reason => $"- {reason}")));
        return 0;
    case ["gpu", .. var verb]:
        return GpuRun.Run(verb);
#if HAS_MLNET
    case ["apply-onnx-model", var model, var tap, var folder]: // ML.NET on the same images
        return ApplyOnnxModel.Run(model, tap, folder);
#else
    case ["apply-onnx-model", ..]:
        Console.Error.WriteLine("this build has no ML.NET: its packages are not in the NuGet source");
        return 2;
#endif
    default:
        return Benchmarks(args);
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

// Apart, so that what comes before runs where BenchmarkDotNet is not, as in a bundle.
[MethodImpl(MethodImplOptions.NoInlining)]
static int Benchmarks(string[] args)
{
    var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != "--full")], new Settings(args)).ToArray();
    return summaries.Length > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? 0 : 1;
}
