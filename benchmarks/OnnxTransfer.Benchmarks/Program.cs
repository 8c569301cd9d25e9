using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;

// The work of scripts in benchmarks/ and benchmarks/peers/: photos FOLDER and scenes FOLDER COUNT WIDTH HEIGHT write images; pixels WAY FOLDER OUT decodes JPEG in one way;
// heads DATA HEAD is one fit; predict is the latency of single calls; infer-absent says which rows of Infer are skipped and why; stages BACKBONE FOLDER is what each stage costs alone; apply-onnx-model is ML.NET (exit code 2 in a build without it). Otherwise
// BenchmarkDotNet's own arguments, and --full for the long job: dotnet run -c Release --project benchmarks/OnnxTransfer.Benchmarks -- --full --filter '*Decode*'
switch (args)
{
    case ["photos", var folder]:
        Photo.WriteAll(folder);
        return 0;
    case ["pixels", var way, var photos, var pixels]:
        return PreparedPixels.Write(way, photos, pixels);
    case ["scenes", var folder, var count, var width, var height]:
        Photo.WriteScenes(folder, Number(count), Number(width), Number(height));
        return 0;
    case ["heads", .. var arguments]:
        return HeadRun.Run(arguments);
    case ["predict", .. var latency]:
        return PredictRun.Run(latency);
    case ["infer-absent"]:
        Console.WriteLine(string.Join('\n', InferCase.Absent.Select(reason => $"- {reason}")));
        return 0;
    case ["stages", var backbone, var folder]:
        return StageCosts.Run(backbone, folder);
#if HAS_MLNET
    case ["apply-onnx-model", var model, var input, var tap, var folder]:
        return ApplyOnnxModel.Run(model, input, tap, folder);
#else
    case ["apply-onnx-model", ..]:
        Console.Error.WriteLine("this build has no ML.NET: its packages are not in the NuGet source");
        return 2;
#endif
}

var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != "--full")], new Settings(args)).ToArray();
return summaries.Length > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? 0 : 1;

static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
