using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>evaluate --transfer</c>, on the backbone the project carries.</summary>
public sealed class TransferTests : IDisposable
{
    private const string Full = "/dev/full";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_three_ways_are_compared_and_a_second_run_trains_nothing()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        var source = SmallImages.Write(_folder, 24, "other");
        File.Copy(Path.Combine(images, "dark", "0000.bmp"), _folder["other", "odd", "dark.bmp"]);
        string[] command =
        [
            "evaluate", "--transfer", images, "--cache", _folder["cache"], "--shares", "25,100", "--unfreeze", "layer3", "--epochs", "1", "--least-steps", "0",
            "--scratch-size", "16x16", "--scratch-epochs", "1", "--source", source, "--seed", "3",
        ];
        var run = await CommandRun.Of([.. command, "--json", "--markdown", _folder["page.md"]]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("1 of 25 items of --source have the content of items of the data; they are left out", run.Error, StringComparison.Ordinal);
        var json = run.Json;
        Assert.Equal(("accuracy", 4, 6, 0), ((string?)json["measure"], (int)json["test"]!, (int)json["trainingsMade"]!, (int)json["trainingsKept"]!));
        foreach (var field in new[] { "scratchAccuracy", "probeAccuracy", "fineTunedAccuracy", "transferRate", "transferGain", "probeTransferRate", "probeTransferGain", "fineTuningRate", "fineTuningGain" })
        {
            var (value, low) = ((double)json[field]!, (double)json[field + "Low"]!);
            Assert.True(low <= value && (json[field + "High"] is not { } high || value <= (double)high), $"{field}: {value} from {low} to {json[field + "High"]}");
        }

        Assert.All(new[] { "scratchSeconds", "probeSeconds", "fineTunedSeconds" }, field => Assert.True((double)json[field]! > 0));
        Assert.Equal((double)json["fineTunedAccuracy"]! - (double)json["scratchAccuracy"]!, (double)json["transferGain"]!, 1e-9);
        Assert.Equal(["scratch", "probe", "fine-tuned", "scratch", "probe", "fine-tuned"], json["curve"]!.AsArray().Select(point => (string)point!["way"]!));
        Assert.Equal([6, 6, 6, 20, 20, 20], json["curve"]!.AsArray().Select(point => (int)point!["labels"]!));
        Assert.Equal((2, 2), (json["catchUp"]!.AsArray().Count, json["labelSaving"]!.AsArray().Count));
        Assert.Equal(24, (int)json["sourceLoss"]!["train"]! + (int)json["sourceLoss"]!["test"]!);
        Assert.NotEmpty(json["verdict"]!.AsArray());
        var page = File.ReadAllText(_folder["page.md"]);
        Assert.Contains("| labels | way | accuracy | 95 % | transfer gain | 95 % | transfer rate | 95 % | training s |", page, StringComparison.Ordinal);
        Assert.Matches(@"\| 20 \(100 %\) \| fine-tuned \| [01]\.\d{4} \| ", page);
        Assert.Matches(@"ONNX Runtime \d+\.\d+\.\d+, \.NET 10\.", page);
        Assert.Contains("- scratch: the architecture up to ", page, StringComparison.Ordinal);
        Assert.Contains(", 2 classes, 20 labels at most\n", page, StringComparison.Ordinal);
        Assert.Matches(@"- scratch: decoding the images beforehand took \d+\.\d s, apart from the training\n", page);

        var again = await CommandRun.Of(command);
        Assert.Contains($"6 of 6 trainings were found in {Path.Combine(_folder["cache"], "transfer.json")}", again.Error, StringComparison.Ordinal);
        Assert.Matches(@"│ 20 \(100 %\) *│ probe ", again.Out);
        Assert.Contains("measured on 4 test items; intervals: 95 % bootstrap over them, of gain and rate in pairs", again.Out, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder["cache"], "transfer")));
        Assert.Empty(Directory.EnumerateFiles(_folder["cache"], "*.checkpoint", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_probe_learns_from_views_too_and_asks_for_its_answers_anew()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        string[] command = ["evaluate", "--transfer", images, "--cache", _folder["cache"], "--ways", "probe", "--shares", "50,100", "--json"];
        Assert.Equal(2, (int)(await CommandRun.Of(command)).Json["trainingsMade"]!);
        string[] viewed = [.. command, "--views", "2", "--augment", "flip", "--markdown", _folder["page.md"]];
        var run = await CommandRun.Of(viewed);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal((2, 0, 1.0), ((int)run.Json["trainingsMade"]!, (int)run.Json["trainingsKept"]!, (double)run.Json["probeAccuracy"]!));
        Assert.Contains(", with 2 augmented views (flip", File.ReadAllText(_folder["page.md"]), StringComparison.Ordinal);
        Assert.Equal(2, (int)(await CommandRun.Of(viewed)).Json["trainingsKept"]!);
    }

    [Fact]
    public async Task A_source_that_is_the_data_itself_is_refused()
    {
        var images = SmallImages.WriteLearnable(_folder, 6);
        var run = await CommandRun.Of("evaluate", "--transfer", images, "--cache", _folder["cache"], "--ways", "fine-tuned", "--source", images);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(
            $"--source {images}: without the 12 items that are items of the data too, two classes to fit on and a test item are not left; expected other images", run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_page_that_cannot_be_written_is_told_after_the_table()
    {
        Skip.IfNot(File.Exists(Full), $"no {Full}, a disk that is always full");
        var images = SmallImages.WriteLearnable(_folder, 6);
        var run = await CommandRun.Of("evaluate", "--transfer", images, "--cache", _folder["cache"], "--ways", "probe", "--shares", "100", "--markdown", Full);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("measured on 2 test items", run.Out, StringComparison.Ordinal);
        Assert.Contains($"error: {Full}: cannot be written (", run.Error, StringComparison.Ordinal);
        Assert.Contains("); free space or allow writing there, then run again: every finished training is kept", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_way_left_out_is_null()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        var run = await CommandRun.Of("evaluate", "--transfer", images, "--cache", _folder["cache"], "--ways", "probe", "--shares", "100", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1.0, (double)run.Json["probeAccuracy"]!);
        foreach (var field in new[] { "scratchAccuracy", "scratchAccuracyLow", "scratchSeconds", "fineTunedAccuracy", "fineTunedSeconds", "transferOf", "transferRate", "transferGain", "transferGainHigh", "sourceLoss" })
        {
            Assert.True(run.Json.AsObject().TryGetPropertyValue(field, out var value) && value is null, field);
        }

        Assert.Equal(["one way alone tells nothing of transfer: compare it with another"], run.Json["verdict"]!.AsArray().Select(line => (string)line!));
    }

    [Fact]
    public async Task Numbers_to_predict_are_measured_by_R2()
    {
        SmallImages.WriteLearnable(_folder, 20, "photos");
        var lines = Enumerable.Range(0, 40).Select(i => $"photos/{(i % 2 == 0 ? "dark" : "light")}/{i:0000}.bmp,{i % 2},{i / 4}");
        File.WriteAllLines(_folder["m.csv"], lines.Prepend("path,value,group"));
        var run = await CommandRun.Of("evaluate", "--transfer", _folder["m.csv"], "--cache", _folder["cache"], "--ways", "probe", "--shares", "50,100", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("R2", (string?)run.Json["measure"]);
        Assert.InRange((double)run.Json["probeR2"]!, 0.5, 1);
    }

    [Fact]
    public async Task A_way_that_fails_is_told_and_the_exit_code_says_so()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        string[] command =
        [
            "evaluate", "--transfer", images, "--cache", _folder["cache"], "--shares", "100", "--unfreeze", "layer3", "--epochs", "1", "--step-batch", "4", "--learning-rate", "1e30",
            "--least-steps", "0", "--scratch-size", "16x16", "--scratch-epochs", "1",
        ];
        var run = await CommandRun.Of(command);
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"│ 20 \(100 %\) *│ fine-tuned *│ failed ", run.Out);
        Assert.Contains("fine-tuned failed on 20 labels: ", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"│ 20 \(100 %\) *│ probe *│ 1\.0000 ", run.Out);

        var json = (await CommandRun.Of([.. command, "--json"])).Json;
        Assert.Equal(("probe", 2), ((string?)json["transferOf"], (int)json["trainingsKept"]!));
        Assert.Equal((double)json["probeTransferGain"]!, (double)json["transferGain"]!);
        Assert.Null(json["fineTunedAccuracy"]);
    }

    [Fact]
    public async Task What_cannot_be_unfrozen_is_told_before_anything_is_embedded()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        var run = await CommandRun.Of("evaluate", "--transfer", images, "--cache", _folder["cache"], "--unfreeze", "layer9");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: backbone 'resnet14-cifar10': 'layer9' cannot be unfrozen", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate takes a model and the data to measure it on, or --transfer DATA")]
    [InlineData("evaluate takes a model and the data to measure it on, or --transfer DATA", "model.onnx")]
    [InlineData("--transfer measures no model, and 'model.onnx' is given as one; leave it out", "model.onnx", "--transfer", "photos")]
    [InlineData("--shares: says how transfer is measured; say --transfer DATA instead of a model, or leave it out", "model.onnx", "photos", "--shares", "5")]
    [InlineData("--epochs: says how a network is trained; say --transfer DATA too, or leave it out ('--set' has the settings of a head)", "model.onnx", "photos", "--epochs", "5")]
    [InlineData("--tap: is for --transfer: a model carries its own backbone; leave it out", "model.onnx", "photos", "--tap", "layer1")]
    [InlineData("--ways probe,magic: expected some of scratch, probe, fine-tuned, separated by commas", "--transfer", "photos", "--ways", "probe,magic")]
    [InlineData("--shares 5,200: expected percentages above 0, up to 100, separated by commas, such as 1,10,100", "--transfer", "photos", "--shares", "5,200")]
    [InlineData("--scratch-size: is for the way scratch, which --ways leaves out; leave it out too", "--transfer", "photos", "--ways", "probe", "--scratch-size", "32x32")]
    [InlineData("--scratch-size 32: expected rows x columns", "--transfer", "photos", "--scratch-size", "32")]
    [InlineData("--augment: says how images look in augmented views, and there are none", "--transfer", "photos", "--ways", "probe", "--augment", "flip")]
    [InlineData("--views: are trained on, and nothing is trained without --transfer; leave it out", "model.onnx", "photos", "--views", "2")]
    [InlineData("--test-views: is for a model that is measured; leave it out", "--transfer", "photos", "--test-views", "2")]
    [InlineData("--source: is for the way fine-tuned, which --ways leaves out; leave it out too", "--transfer", "photos", "--ways", "probe", "--source", "photos")]
    [InlineData("--unfreeze and --unfreeze-after both say where fine-tuning begins; give one of them", "--transfer", "photos", "--unfreeze", "all", "--unfreeze-after", "x")]
    [InlineData("--checkpoint: every training of --transfer keeps its own; leave it out", "--transfer", "photos", "--checkpoint", "x")]
    [InlineData("--validation 0.7: expected a share above 0, at most half, such as 0.2", "--transfer", "photos", "--validation", "0.7")]
    [InlineData("--epochs: says how a network is trained; say --ways scratch,probe,fine-tuned too, or leave it out", "--transfer", "photos", "--ways", "scratch,probe", "--epochs", "5")]
    [InlineData("--least-steps: is for the ways scratch and fine-tuned, which --ways leaves out; leave it out too", "--transfer", "photos", "--ways", "probe", "--least-steps", "5")]
    [InlineData("--views: is for the ways probe and fine-tuned, which --ways leaves out; leave it out too", "--transfer", "photos", "--ways", "scratch", "--views", "2")]
    [InlineData("--view-seed: decides what is drawn for augmented views, and there are none; say --views too, or leave it out", "--transfer", "photos", "--view-seed", "2")]
    [InlineData("--average-by: averages embeddings, and a network is trained on one image an item; say --ways probe, or leave it out", "--transfer", "photos.csv", "--average-by", "item")]
    [InlineData("--numbers: a network is trained on images alone; say --ways probe, or leave it out", "--transfer", "photos.csv", "--ways", "probe,scratch", "--numbers", "item")]
    [InlineData("--test: says how much is drawn to test on, and the data has a test split of its own; leave it out", "--transfer", "split.csv", "--test", "0.3")]
    [InlineData("--test 1: expected a share between 0 and 1, such as 0.2", "--transfer", "photos", "--test", "1")]
    public async Task What_does_not_go_together_is_refused(string message, params string[] arguments)
    {
        var images = SmallImages.WriteLearnable(_folder, 3, "photos");
        File.WriteAllText(_folder["model.onnx"], "");
        File.WriteAllLines(_folder["photos.csv"], ["path,label,item", "photos/dark/0000.bmp,a,1", "photos/light/0001.bmp,b,2"]);
        File.WriteAllLines(_folder["split.csv"], ["path,label,split", "photos/dark/0000.bmp,a,train", "photos/light/0001.bmp,b,train", "photos/dark/0002.bmp,a,test"]);
        var run = await CommandRun.Of(["evaluate", .. arguments.Select(argument => argument == "photos" ? images : argument.EndsWith(".csv", StringComparison.Ordinal) ? _folder[argument] : argument)]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"error: {message}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_results_file_of_something_else_is_refused_and_kept()
    {
        var images = SmallImages.WriteLearnable(_folder, 12);
        File.WriteAllText(_folder["mine.json"], "{}");
        var run = await CommandRun.Of("evaluate", "--transfer", images, "--cache", _folder["cache"], "--ways", "probe", "--results", _folder["mine.json"]);
        Assert.Equal((1, "{}"), (run.ExitCode, File.ReadAllText(_folder["mine.json"])));
        Assert.Contains("mine.json: results of format 0; expected 1: name another file, or delete it to begin anew", run.Error, StringComparison.Ordinal);
    }
}
